"""OpenAI omni-moderation: free of charge; looks for nudity, violence and self-harm in images."""

from providers.openai.provider import OpenAIProvider, OpenAISettings

__all__ = ["OpenAIProvider", "OpenAISettings"]
