package dossier

// Text points to what a person typed. The words lie in the vault, under the key of a person or of the dossier; the event holds where,
// and a salted commitment by which they can be proved later. What has no words has no Text.
type Text struct {
	Ref        Ref  `json:"ref"`
	Commitment Code `json:"commitment"` // hexadecimal
}
