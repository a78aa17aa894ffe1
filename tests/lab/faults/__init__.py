"""A proxy in front of the lab's real services that can have a bad day on demand."""
