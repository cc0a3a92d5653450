package e2e

const rogueToken = "rogue-token-f4e1"
