"""The company's policy: reading, checking, starting a new one."""
