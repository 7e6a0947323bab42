"""What a shipped persona's report states, measured: in character or not, with and without adapter, prompt and rules."""
