"""What the bot adds to each message while 200 channels chat. `make bench-bot`."""
