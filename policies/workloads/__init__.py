"""What a resource runs: its containers, the words of their commands, the scripts in those."""
