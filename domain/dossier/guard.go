package dossier

// GuardCodes lists the codes of all guards, which are also the reasons for which an imported event is kept as an irregular step.
func GuardCodes() []string { return nil }
