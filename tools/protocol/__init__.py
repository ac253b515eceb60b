"""The other end of the lock's messages, for gateways and issuers: docs/protocol.md."""
