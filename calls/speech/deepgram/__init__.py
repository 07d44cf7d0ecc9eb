"""Deepgram: nova-3 over one socket for both channels, and the pre-recorded API for what was missed.

`provider.DeepgramProvider` is the way in. The SDK is imported with the first use, in a thread: it takes
half a second that no call's loop may spend.
"""
