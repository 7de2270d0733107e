"""What could keep a stack from coming up, or from being lawful, asked before anything is created."""

__all__: list[str] = []
