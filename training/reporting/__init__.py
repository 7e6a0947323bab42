"""What people read of a version: the evaluation's report, a web page and its charts."""
