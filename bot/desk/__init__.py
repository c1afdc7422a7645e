"""What moderators do, on any platform. No SDK objects."""
