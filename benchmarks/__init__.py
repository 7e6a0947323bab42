"""What the engine, the bot and the training cost, measured; the results are in docs/performance.md."""
