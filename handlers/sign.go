package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers/signing"

	"github.com/google/uuid"
)

// proof is a signature that was proved, on its way into the vault and into a fact.
type proof struct {
	evidence  dossier.Evidence
	signature string
}

// signs says whether the command puts a signature under something.
func signs(c dossier.Command) bool {
	switch c := c.(type) {
	case dossier.SignFile:
		return true
	case dossier.SignResult:
		return c.Means != dossier.OnPaper
	}
	return false
}

// signed asks the signer for the account that acts, once it is known that the act would be accepted, and proves what it gives. The command is
// decided for the version that was signed: a dossier that moves meanwhile is refused.
func (x *Executor) signed(ctx context.Context, a domain.Actor, id uuid.UUID, name string, e Envelope, c dossier.Command) (Envelope, error) {
	if e.dry || e.proof != nil || !x.Signs() || !signs(c) {
		return e, nil
	}
	try := e
	try.dry = true
	r, err := x.do(ctx, a, id, name, try, c)
	if err != nil || r.Repeated || r.Events == 0 {
		return e, err
	}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return e, err
	}
	s := dossier.Fold(facts)
	file := ""
	switch c := c.(type) {
	case dossier.SignResult:
		file = s.ToBeSigned(c)
	case dossier.SignFile:
		file = string(c.File)
	}
	digest, commitment, err := x.digest(ctx, id, s, file)
	if err != nil {
		return e, err
	}
	signature, err := x.o.Signer.Sign(ctx, a.Account, digest)
	if err != nil {
		return e, signerAway(err)
	}
	e.proof, err = x.proves(ctx, signature, digest, commitment, a.Role == domain.Applicant)
	return e, err
}

// digest is the hash of what is signed: of a file's content as it is read now, or of the decision itself.
func (x *Executor) digest(ctx context.Context, id uuid.UUID, s dossier.State, file string) (signing.Digest, dossier.Code, error) {
	if file == "" {
		return signing.DigestOf(s.Decisive(id.String())), "", nil
	}
	if x.o.Files == nil {
		return signing.Digest{}, "", (*Files)(nil).open()
	}
	ref, err := uuid.Parse(file)
	if err != nil {
		return signing.Digest{}, "", ErrNoFile
	}
	content, err := x.o.Files.Open(ctx, ref)
	if err != nil {
		return signing.Digest{}, "", known(err)
	}
	defer content.Close()
	if content.Dossier != id || content.State != blobs.Clean {
		return signing.Digest{}, "", ErrNoFile
	}
	sum := sha256.New()
	if err := content.CopyTo(sum); Altered(err) {
		return signing.Digest{}, "", ErrFileAltered
	} else if err != nil {
		return signing.Digest{}, "", fmt.Errorf("read file %s: %w", ref, err)
	}
	return signing.Digest(sum.Sum(nil)), dossier.Code(content.Commitment), nil
}

// proves turns a signature into evidence. Of somebody who is not of the staff, neither serial number nor certificate is told.
func (x *Executor) proves(ctx context.Context, signature string, d signing.Digest, commitment dossier.Code, personal bool) (*proof, error) {
	e, err := x.verifier().Verify(ctx, signature, d, x.o.Now())
	if err != nil && !signing.Refuses(err) && errors.Is(err, signing.ErrRevocationUnknown) {
		return nil, revocationUnknown(err)
	}
	if err != nil {
		return nil, err
	}
	p := &proof{signature: signature, evidence: dossier.Evidence{
		Digest: commitment, Algorithm: dossier.SignatureAlgorithm(e.Algorithm), Issuer: dossier.Code("ki:" + e.Issuer), SignedAt: e.SignedAt,
		TimeBy: dossier.TimeSource(e.Time), Certificate: dossier.CertificateState(e.Revocation), AskedAt: e.AskedAt,
	}}
	chain := e.Chain
	if personal {
		chain = chain[1:]
	} else {
		p.evidence.Serial = dossier.Code("sn:" + e.Serial)
	}
	for _, one := range chain {
		p.evidence.Chain = append(p.evidence.Chain, dossier.Code(one))
	}
	return p, nil
}

func (x *Executor) verifier() signing.Verifier {
	if x.o.Verifier == nil {
		return signing.Off{}
	}
	return x.o.Verifier
}

// Signs says whether results can be signed digitally here: somebody signs, and what comes of it can be kept.
func (x *Executor) Signs() bool { return x.o.Signer != nil && x.o.Vault != nil }

// Prove checks a signature over a content that is no file of a dossier. Nothing is recorded.
func (x *Executor) Prove(ctx context.Context, a domain.Actor, signature string, d signing.Digest) (signing.Evidence, error) {
	if err := May(a, Act{Kind: Read}); err != nil {
		return signing.Evidence{}, err
	}
	e, err := x.verifier().Verify(ctx, signature, d, x.o.Now())
	if errors.Is(err, signing.ErrRevocationUnknown) {
		return e, revocationUnknown(err)
	}
	return e, err
}

func signerAway(err error) error {
	var r *domain.Refusal
	if errors.As(err, &r) {
		return err
	}
	return &Failure{Status: http.StatusServiceUnavailable, Code: "signer_away", Retry: 60, Err: err,
		VI: "Chưa ký được vì dịch vụ ký số không trả lời. Hồ sơ không thay đổi; thử lại sau, hoặc ký trên giấy (means: paper).",
		EN: "Not signed, because the signing service does not answer. The dossier is unchanged; try again later, or sign on paper (means: paper)."}
}

func revocationUnknown(err error) error {
	return &Failure{Status: http.StatusServiceUnavailable, Code: "revocation_unknown", Retry: 300, Err: err,
		VI: "Chưa kiểm tra được chứng thư số có bị thu hồi hay không vì tổ chức chứng thực không trả lời, nên chưa nhận chữ ký. Không cần ký lại; thử lại sau.",
		EN: "Whether the certificate was revoked cannot be told, because its authority does not answer, so the signature is not taken yet. Do not sign again; try later."}
}

// keep puts a signature into the vault, under the key of the dossier, and points the evidence to it.
func (x *Executor) keep(ctx context.Context, a domain.Actor, id uuid.UUID, applicant, name string, e Envelope) error {
	if x.o.Vault == nil {
		return noVault()
	}
	person := PersonStream(applicant)
	p, err := x.o.Vault.Pledge(ctx, id, &person, eventstore.CommandID(a.Account, id, name+" "+e.Key), dossier.InEvidence, e.proof.signature)
	if err == nil {
		err = x.o.Vault.Redeem(ctx, []vault.Pledge{p})
	}
	if errors.Is(err, vault.ErrErased) {
		return gone()
	}
	e.proof.evidence.Signature = dossier.Text{Ref: dossier.Ref(p.Ref.String()), Commitment: dossier.Code(p.Commitment)}
	return err
}

// SignatureLine is one signature of a dossier, as it stands now.
type SignatureLine struct {
	Version   int64         `json:"version" doc:"Of the fact that holds it."`
	File      dossier.Ref   `json:"file,omitempty" doc:"What is signed; missing: the decision itself."`
	Result    bool          `json:"result" doc:"Whether it is the signature under the result."`
	Means     dossier.Means `json:"means" enum:"paper,digital,unknown"`
	Block     string        `json:"block,omitempty" doc:"In whose place: kt, tl or tuq." example:"kt"`
	For       string        `json:"for,omitempty" doc:"The account in whose place it was signed."`
	By        domain.Actor  `json:"by" doc:"Who acted."`
	Subject   string        `json:"subject,omitempty" doc:"Whom the certificate names. Personal: never in an event."`
	Algorithm string        `json:"algorithm,omitempty"`
	Serial    string        `json:"serial,omitempty"`
	Issuer    string        `json:"issuer,omitempty"`
	Chain     []string      `json:"chain,omitempty"`
	SignedAt  *time.Time    `json:"signed_at,omitempty"`
	Time      string        `json:"time,omitempty" doc:"stamped by an authority, or claimed by the signer."`
	AskedAt   *time.Time    `json:"asked_at,omitempty" doc:"When the issuer was asked whether the certificate was good."`
	State     string        `json:"state" doc:"holds; paper: nothing to prove; erased; or the code of what is wrong: signature_altered, missing, …" example:"holds"`
	Today     string        `json:"today,omitempty" doc:"What would be said of it if it came today: good, or a code such as signature_revoked."`
}

// The states of a signature beside the codes of what may be wrong.
const (
	SignatureHolds  = "holds"
	SignaturePaper  = "paper"
	SignatureErased = "erased"
)

// Signatures shows those of a dossier, or of one of its files (uuid.Nil: all), each held against what it is under. The reading is recorded.
func (x *Executor) Signatures(ctx context.Context, by Accessor, id, file uuid.UUID) ([]SignatureLine, error) {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 {
		return nil, ErrNotFound
	}
	if err := x.admitsReading(ctx, by.Actor, dossier.Fold(facts)); err != nil {
		return nil, x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readSignatures, id, err)
	}
	if err := x.o.Access.Record(ctx, by, access.WordsRead{Dossier: id, Purpose: "signature"}); err != nil {
		return nil, fmt.Errorf("record the reading: %w", err)
	}
	lines := []SignatureLine{}
	for i := range facts {
		line, signature, is, err := x.signature(ctx, id, facts, i)
		if err != nil {
			return nil, err
		}
		if !is || file != uuid.Nil && line.File != dossier.Ref(file.String()) {
			continue
		}
		if signature != "" && line.State == SignatureHolds {
			if err := x.today(ctx, id, facts[:i], &line, signature); err != nil {
				return nil, err
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// today asks what would be said of a signature if it came now.
func (x *Executor) today(ctx context.Context, id uuid.UUID, before []dossier.Fact, line *SignatureLine, signature string) error {
	d, _, err := x.signedDigest(ctx, id, before, string(line.File))
	if err != nil {
		return err
	}
	e, err := x.verifier().Verify(ctx, signature, d, x.o.Now())
	line.Today = signing.Good
	var r *domain.Refusal
	switch {
	case errors.As(err, &r):
		line.Today = r.Code
	case errors.Is(err, signing.ErrRevocationUnknown):
		line.Today = "revocation_unknown"
	case err != nil:
		return err
	default:
		line.Subject = e.Subject
	}
	return nil
}

// signature is what a fact says of a signature, held against the bytes it is under; is says whether it is one.
func (x *Executor) signature(ctx context.Context, id uuid.UUID, facts []dossier.Fact, i int) (line SignatureLine, signature string, is bool, err error) {
	f := facts[i]
	line = SignatureLine{Version: f.Version, By: f.Meta.By(), Means: dossier.Digital}
	var e dossier.Evidence
	switch event := f.Event.(type) {
	case dossier.FileSigned:
		line.File, e = event.File, event.Evidence
	case dossier.ResultSigned:
		line.Result, line.Means, line.Block, line.For, line.File, e = true, event.Means, string(event.Block), string(event.For), event.File, event.Evidence
	default:
		return line, "", false, nil
	}
	if line.Means != dossier.Digital {
		line.State = SignaturePaper
		return line, "", true, nil
	}
	line.Algorithm, line.Serial, line.Issuer, line.Time = string(e.Algorithm), string(e.Serial), string(e.Issuer), string(e.TimeBy)
	line.SignedAt, line.AskedAt = &e.SignedAt, &e.AskedAt
	for _, one := range e.Chain {
		line.Chain = append(line.Chain, string(one))
	}
	if x.o.Vault == nil {
		line.State = "missing"
		return line, "", true, nil
	}
	said, err := x.said(ctx, id, facts[i:i+1])
	if err != nil || len(said) == 0 {
		line.State = "missing"
		return line, "", true, err
	}
	if line.State = said[0].Why; line.State != "" {
		return line, "", true, nil
	}
	signature = said[0].Words
	d, commitment, err := x.signedDigest(ctx, id, facts[:i], string(line.File))
	switch {
	case errors.Is(err, vault.ErrErased):
		line.State = SignatureErased
		return line, signature, true, nil
	case errors.Is(err, blobs.ErrUnknown):
		line.State = "missing"
		return line, signature, true, nil
	case err != nil && (Away(err) || ctx.Err() != nil):
		return line, signature, true, err
	case err != nil:
		line.State = "file_unreadable"
		return line, signature, true, nil
	}
	line.State = SignatureHolds
	var r *domain.Refusal
	err = signing.Recheck(signature, d, string(e.Algorithm), trimmed(string(e.Serial)), trimmed(string(e.Issuer)), line.Chain, e.SignedAt)
	switch {
	case errors.As(err, &r):
		line.State = r.Code
	case err != nil || commitment != e.Digest:
		line.State = "signature_differs"
	}
	return line, signature, true, nil
}

// trimmed is a number without the letters that keep it from being taken for a person's.
func trimmed(code string) string {
	if len(code) < 3 {
		return code
	}
	return code[3:]
}

// signedDigest is what was signed and how the history commits to it, as it is known without reading a whole file: a file's own hash is held against its content elsewhere.
func (x *Executor) signedDigest(ctx context.Context, id uuid.UUID, before []dossier.Fact, file string) (signing.Digest, dossier.Code, error) {
	if file == "" {
		return signing.DigestOf(dossier.Fold(before).Decisive(id.String())), "", nil
	}
	ref, err := uuid.Parse(file)
	if err != nil || x.o.Files == nil {
		return signing.Digest{}, "", blobs.ErrUnknown
	}
	n, err := x.o.Files.Get(ctx, ref)
	if err != nil {
		return signing.Digest{}, "", err
	}
	sum, err := hex.DecodeString(n.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return signing.Digest{}, "", blobs.ErrUnknown
	}
	return signing.Digest(sum), dossier.Code(n.Commitment), nil
}

// SignaturesReport is what CheckSignatures found.
type SignaturesReport struct {
	Digital, Paper, Erased int64
	Wrong                  []SignatureLine // the first twenty that do not hold
	Dossiers               []uuid.UUID     // of each of them
	Failed                 int64
}

// CheckSignatures holds every signature of the journal against what it is under and what was recorded of it. Nobody is asked. Files are
// taken by their hash: 'dossier verify' holds that against their bytes in the same run.
func (x *Executor) CheckSignatures(ctx context.Context, progress func(done, total int64)) (r SignaturesReport, err error) {
	err = x.walk(ctx, progress, func(e eventstore.Event) error {
		if e.Type != dossier.TypeOf(dossier.FileSigned{}) && e.Type != dossier.TypeOf(dossier.ResultSigned{}) {
			return nil
		}
		one, err := Decode([]eventstore.Event{e})
		if err != nil {
			return nil // the views tell of an event that this program cannot read
		}
		if result, is := one[0].Event.(dossier.ResultSigned); is && result.Means != dossier.Digital {
			r.Paper++
			return nil
		}
		facts, err := x.Facts(ctx, e.StreamID)
		if err != nil || int64(len(facts)) < e.Version {
			return err
		}
		line, _, _, err := x.signature(ctx, e.StreamID, facts, int(e.Version)-1)
		if err != nil {
			return err
		}
		switch line.State {
		case SignatureErased:
			r.Digital, r.Erased = r.Digital+1, r.Erased+1
		case SignatureHolds:
			r.Digital++
		default:
			r.Digital, r.Failed = r.Digital+1, r.Failed+1
			if len(r.Wrong) < 20 {
				r.Wrong, r.Dossiers = append(r.Wrong, line), append(r.Dossiers, e.StreamID)
			}
		}
		return nil
	})
	return r, err
}

// SignFile signs a file of a dossier for the account that acts, or takes a signature that was made elsewhere (empty: none was).
func (f *Files) SignFile(ctx context.Context, a domain.Actor, file uuid.UUID, signature string, e Envelope) (Receipt, error) {
	id, err := f.dossierOf(ctx, file)
	if err != nil {
		return Receipt{}, err
	}
	c := dossier.SignFile{File: dossier.Ref(file.String())}
	e.Body = []byte(file.String() + signature)
	if signature == "" {
		return f.x.Do(ctx, a, id, e, c)
	}
	if err := f.mayRead(ctx, a, id); err != nil {
		return Receipt{}, err
	}
	facts, err := f.x.Facts(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	d, commitment, err := f.x.digest(ctx, id, dossier.Fold(facts), file.String())
	if err != nil {
		return Receipt{}, err
	}
	if e.proof, err = f.x.proves(ctx, signature, d, commitment, true); err != nil {
		return Receipt{}, f.x.Refused(ctx, a, e, dossier.Kebab(c.Name()), id, err)
	}
	return f.x.Do(ctx, a, id, e, c)
}

// Signatures shows those of one file.
func (f *Files) Signatures(ctx context.Context, by Accessor, file uuid.UUID) ([]SignatureLine, error) {
	id, err := f.dossierOf(ctx, file)
	if err != nil {
		return nil, err
	}
	return f.x.Signatures(ctx, by, id, file)
}

func (f *Files) dossierOf(ctx context.Context, file uuid.UUID) (uuid.UUID, error) {
	if f == nil {
		return uuid.Nil, f.open()
	}
	n, err := f.o.Store.Get(ctx, file)
	return n.Dossier, known(err)
}
