"""Side-by-side measurements of the relay, coturn and the C floor."""
