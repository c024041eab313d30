// Command dossier processes administrative dossiers from immutable events.
package main

func main() {}
