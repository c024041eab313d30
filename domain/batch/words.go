package batch

var words = map[string][2]string{
	string(Pending):          {"chưa xử lý", "not yet tried"},
	string(Done):             {"đã thực hiện", "done"},
	string(Late):             {"đã thực hiện, ghi là muộn hoặc ngoài quy trình", "done, marked late or out of flow"},
	string(Already):          {"đã như vậy từ trước", "it was so before"},
	string(Refused):          {"bị từ chối", "refused"},
	string(Changed):          {"đã đổi từ lúc xem", "changed since it was seen"},
	string(NotFound):         {"không có hồ sơ này", "no such dossier"},
	string(Failed):           {"lỗi", "failed"},
	string(TakenBack):        {"đã thu hồi", "taken back"},
	string(Untouched):        {"lô này không làm đổi", "the batch had not changed it"},
	string(MovedOn):          {"đã có việc tiếp theo, giữ nguyên", "something followed, left as it is"},
	string(PlannedPhase):     {"đã lập", "planned"},
	string(RunningPhase):     {"đang chạy", "running"},
	string(HaltedPhase):      {"đã dừng", "halted"},
	string(FinishedPhase):    {"đã xong", "finished"},
	string(UndoingPhase):     {"đang thu hồi", "being taken back"},
	string(CompensatedPhase): {"đã thu hồi", "taken back"},
}

// Label says an outcome or a phase in Vietnamese ("vi") or English.
func Label[T Outcome | Phase](of T, lang string) string {
	if lang == "vi" {
		return words[string(of)][0]
	}
	return words[string(of)][1]
}

// Foretold says what would become of an item.
func Foretold(o Outcome, lang string) string {
	w, known := map[Outcome][2]string{
		Done:    {"sẽ thực hiện", "would be done"},
		Late:    {"sẽ thực hiện, ghi là muộn hoặc ngoài quy trình", "would be done, marked late or out of flow"},
		Refused: {"sẽ bị từ chối", "would be refused"}, TakenBack: {"sẽ thu hồi", "would be taken back"}, MovedOn: {"đã có việc tiếp theo, sẽ giữ nguyên", "something followed, would be left"},
	}[o]
	switch {
	case !known:
		return Label(o, lang)
	case lang == "vi":
		return w[0]
	}
	return w[1]
}

// Outcomes lists them.
func Outcomes() []Outcome {
	return []Outcome{Pending, Done, Late, Already, Refused, Changed, NotFound, Failed, TakenBack, Untouched, MovedOn}
}
