"""The world: how mail comes in and goes out; knows nothing of tickets."""
