package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// BulkSigned is what one item of a batch of signatures would put a hand under.
type BulkSigned struct {
	Dossier   string           `json:"dossier,omitempty" doc:"Code of the dossier."`
	Applicant string           `json:"applicant" doc:"Reference of the applicant; the name lies in the vault."`
	Outcome   dossier.Proposal `json:"outcome" enum:"grant,refuse" doc:"What was decided."`
	File      string           `json:"file,omitempty" doc:"The result that is signed; missing: the decision itself."`
	Digest    string           `json:"digest" doc:"The first 16 hexadecimal digits of the SHA-256 of what is signed."`
}

var signName = dossier.Kebab(dossier.SignResult{}.Name())

// shownFor is what must be shown of an item before it is signed with others.
func (b *Bulk) shownFor(ctx context.Context, item batch.Item, c dossier.Command) (*BulkSigned, error) {
	facts, err := b.x.Facts(ctx, item.ID)
	if errors.Is(err, ErrNotFound) || err == nil && len(facts) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := dossier.Fold(facts)
	one := &BulkSigned{Dossier: s.KnownBy(), Applicant: s.Applicant, Outcome: s.Decision}
	if sign, is := c.(dossier.SignResult); is {
		one.File = s.ToBeSigned(sign)
	}
	d, _, err := b.x.signedDigest(ctx, item.ID, facts, one.File)
	if err == nil {
		one.Digest = hex.EncodeToString(d[:8])
	}
	if Away(err) {
		return nil, err
	}
	return one, nil
}

// seenToken is what the dry run of a batch of signatures ends with. It follows from the batch and from its items at the versions that were seen.
func seenToken(id uuid.UUID, s batch.State) string {
	sum := sha256.Sum256([]byte("seen " + id.String() + " " + s.List))
	return hex.EncodeToString(sum[:6])
}

// unseen refuses to let a batch of signatures begin whose items nobody looked at to the end.
func unseen(id uuid.UUID, s batch.State, e Envelope) error {
	if s.Command != signName || s.Phase != batch.PlannedPhase || e.Seen == seenToken(id, s) {
		return nil
	}
	return &domain.Refusal{Code: "items_unseen", Field: "seen", Basis: "NĐ 30/2020, Điều 13",
		VI: fmt.Sprintf("Ký hàng loạt chỉ bắt đầu sau khi đã xem từng hồ sơ. Xem hết kết quả thử của %d hồ sơ, rồi gửi mã “seen” ở cuối.", s.Total),
		EN: fmt.Sprintf("Signing in bulk begins only after each item was shown. Look through the dry run of all %d, then send the “seen” that stands at its end.", s.Total)}
}
