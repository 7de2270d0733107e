"""Where proxies send requests, read from what configures them. Nothing here says whether a host is right."""
