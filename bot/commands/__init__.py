"""What can be typed after `beholder`: one file a group. Heavy imports wait until a command runs."""
