"""The bridge from a refusal to its proof: which checks can prove the cause, what they say, and the way out."""
