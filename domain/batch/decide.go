package batch

import (
	"fmt"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"
)

// Decide answers a command with facts, with nothing when it is already so, or with a *domain.Refusal or *domain.Invalid.
func Decide(s State, wish Command, by domain.Actor) ([]Event, error) {
	switch w := wish.(type) {
	case Plan:
		return plan(s, w)
	case Start:
		return start(s, w, by)
	case Record:
		return record(s, w)
	case Undo:
		return undo(s, w)
	case RecordUndo:
		return recordUndo(s, w)
	}
	panic(fmt.Sprintf("decide: a command outside the sealed set: %T", wish))
}

func plan(s State, w Plan) ([]Event, error) {
	switch {
	case w.Items == 0:
		return nil, &domain.Invalid{Code: "no_items", Field: "ids",
			VI: "Không có hồ sơ nào để xử lý. Ghi danh sách hồ sơ (ids), hoặc điều kiện lọc (filter) có kết quả.",
			EN: "There is no dossier to act on. Give a list of them (ids), or a filter that finds some."}
	case w.Items > MostItems:
		return nil, &domain.Invalid{Code: "too_many_items", Field: "ids",
			VI: fmt.Sprintf("Một lô có nhiều nhất %d hồ sơ, ở đây có %d. Chia thành nhiều lô.", MostItems, w.Items),
			EN: fmt.Sprintf("A batch has at most %d dossiers, here are %d. Make several batches.", MostItems, w.Items)}
	case s.Exists():
		return nil, nil
	}
	return []Event{Planned{w.Command, w.Arguments, w.AnyVersion, w.Items, w.List}}, nil
}

func start(s State, w Start, by domain.Actor) ([]Event, error) {
	switch {
	case w.StopAfter < 0:
		return nil, &domain.Invalid{Code: "out_of_range", Field: "stop_after_refusals",
			VI: "Ghi số lần bị từ chối từ 1 trở lên, hoặc bỏ trống để không dừng.", EN: "Give a number of refusals from 1 on, or none so as never to stop."}
	case by.Account != s.By.Account || by.Role != s.By.Role:
		return nil, &domain.Refusal{Code: "not_your_batch",
			VI: fmt.Sprintf("Lô này do “%s” lập; các việc trong lô mang tên người đó nên chỉ người đó cho chạy được. Có thể làm: tự lập một lô khác.", s.By.Account),
			EN: fmt.Sprintf("This batch was planned by “%s”; what it does bears that name, so nobody else runs it. You can: plan one of your own.", s.By.Account)}
	case s.Phase == UndoingPhase || s.Phase == CompensatedPhase:
		return nil, &domain.Refusal{Code: "batch_taken_back",
			VI: "Lô này đã được thu hồi nên không chạy tiếp được. Có thể làm: lập một lô mới.",
			EN: "This batch is taken back and runs no further. You can: plan a new one."}
	case s.Phase == FinishedPhase, s.Phase == RunningPhase && s.StopAfter == w.StopAfter:
		return nil, nil
	}
	return []Event{Started{w.StopAfter}}, nil
}

// record takes results once: those of a second runner, or of one that was overtaken, yield nothing.
func record(s State, w Record) ([]Event, error) {
	if s.Phase != RunningPhase || w.From != s.Processed || len(w.Results) == 0 {
		return nil, nil
	}
	to := w.From + len(w.Results)
	if to > s.Total {
		return nil, fmt.Errorf("record items %d to %d of a batch of %d", w.From, to, s.Total)
	}
	made := Progressed{w.From, to, Grouped(w.From, w.Results, Done)}
	s = Evolve(s, Fact{Event: made})
	switch {
	case to == s.Total:
		return []Event{made, Finished{s.Counts}}, nil
	case s.Left() == 0:
		return []Event{made, Halted{s.Refusals}}, nil
	}
	return []Event{made}, nil
}

func undo(s State, w Undo) ([]Event, error) {
	could, undoable := dossier.ConsequencesOf(s.Command)
	unseen := slices.DeleteFunc(slices.Clone(could), func(c dossier.Consequence) bool { return slices.Contains(w.Seen, string(c)) })
	switch {
	case s.Undo != nil:
		return nil, nil
	case !undoable:
		return nil, &domain.Refusal{Code: "batch_not_undoable", Basis: "NĐ 118/2025, Điều 23",
			VI: fmt.Sprintf("Việc “%s” không thu hồi được. Có thể làm: đính chính, thay thế hoặc thu hồi kết quả của từng hồ sơ.", dossier.Label("command", s.Command, "vi")),
			EN: fmt.Sprintf("“%s” cannot be taken back. You can: correct, replace or revoke the results one by one.", dossier.Label("command", s.Command, "en"))}
	case s.Phase == PlannedPhase:
		return nil, &domain.Refusal{Code: "batch_not_run",
			VI: "Lô này chưa chạy nên không có gì để thu hồi.", EN: "This batch never ran: there is nothing to take back."}
	case len(unseen) > 0:
		return nil, &domain.Refusal{Code: "consequences_not_seen", Field: "seen", Basis: "NĐ 118/2025, Điều 23",
			VI: fmt.Sprintf("Chưa thu hồi. Việc này có thể đã kéo theo: %s. Xác nhận từng hệ quả (%s), rồi gửi lại; thông báo đính chính sẽ được gửi.", said(unseen, "vi"), codes(unseen)),
			EN: fmt.Sprintf("Not taken back yet. The act may have led to: %s. Confirm each of them as seen (%s), then send again; corrected notices will follow.", said(unseen, "en"), codes(unseen))}
	}
	// A runner that has not yet said how far it came is at most a chunk ahead.
	return []Event{UndoStarted{w.Reason, w.Seen, min(s.Processed+ChunkSize, s.Total)}}, nil
}

func recordUndo(s State, w RecordUndo) ([]Event, error) {
	if s.Phase != UndoingPhase || w.From != s.Undo.Processed || len(w.Results) == 0 {
		return nil, nil
	}
	to := w.From + len(w.Results)
	if to > s.Undo.Until {
		return nil, fmt.Errorf("record items %d to %d of %d that are taken back", w.From, to, s.Undo.Until)
	}
	made := Undone{w.From, to, Grouped(w.From, w.Results, TakenBack)}
	if to < s.Undo.Until {
		return []Event{made}, nil
	}
	s = Evolve(s, Fact{Event: made})
	return []Event{made, Compensated{s.Undo.Counts}}, nil
}

func said(list []dossier.Consequence, lang string) string {
	var words []string
	for _, c := range list {
		words = append(words, dossier.Label("consequence", string(c), lang))
	}
	return strings.Join(words, ", ")
}

func codes(list []dossier.Consequence) string {
	var words []string
	for _, c := range list {
		words = append(words, string(c))
	}
	return strings.Join(words, ",")
}
