"""The desk's nouns: frozen values, no SQL, no logic beyond invariants."""
