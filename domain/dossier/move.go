package dossier

// MoveToVersion puts a dossier under another version of its procedure. The limit that runs now stays as it was told to people; what
// begins later, a supplement's window or a restarted limit, goes by the new version.
type MoveToVersion struct {
	Version int        `json:"version" range:"1-9999"`
	Ground  MoveGround `json:"ground"`
	Basis   Code       `json:"basis"` // the article or decision that moves it
	Text    Text       `json:"text,omitzero"`
}

// VersionMoved says that from now on a dossier goes by another version of its procedure, and on which legal ground.
type VersionMoved struct {
	FromVersion int        `json:"from_version"`
	ToVersion   int        `json:"to_version"`
	Ground      MoveGround `json:"ground"`
	Basis       Code       `json:"basis"`
	Text        Text       `json:"text,omitzero"`
	Of
}

// MoveGround is why a dossier may leave the version under which it was filed.
type MoveGround string

func (MoveGround) values() []string {
	return []string{"transition_rule", "more_favourable", "applicant_consent", "wrong_version"}
}

func (MoveToVersion) Name() string { return "MoveToVersion" }
func (MoveToVersion) command()     {}

// moveGuard wants a version that was published. The context brings the version that the dossier is to go by.
var moveGuard = Guard{Code: "unknown_version", Live: true, On: []string{"MoveToVersion"}, Field: "version", Basis: "NĐ 63/2010, Điều 8",
	broken: func(q question) bool {
		return q.x.Procedure == nil || q.x.Procedure.Number != q.c.(MoveToVersion).Version || q.x.Procedure.External
	},
	VI: "Thủ tục của hồ sơ chưa có phiên bản này. Xem các phiên bản: dossier procedures show, hoặc GET /v1/procedures.",
	EN: "The dossier's procedure has no such version. See its versions: dossier procedures show, or GET /v1/procedures."}
