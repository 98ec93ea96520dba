"""What ./run starts, and what the tests with real processes start: DNS, nridd and gateways on loopback."""
