"""One twin a provider package: a gRPC resource provider that answers as the real plugin would."""
