package handlers

import "slices"

// commandLines are the doors of the program's own commands. What looks after the machine is open to whoever holds it: its files, its
// database, its keys; nothing in the program could keep them out.
var commandLines = slices.Concat(
	free(CLI, Machine, "dossier dev", "dossier serve", "dossier migrate up", "dossier migrate status", "dossier config", "dossier verify",
		"dossier projections list", "dossier projections rebuild", "dossier projections rollback", "dossier projections check", "dossier parked list", "dossier parked retry",
		"dossier recover", "dossier archive list", "dossier archive detach", "dossier archive drop", "dossier archive restore", "dossier clock accept", "dossier clock set",
		"dossier vault rotate", "dossier vault finish", "dossier money release", "dossier money invoices",
		"dossier bench append", "dossier bench replay", "dossier bench relay", "dossier bench project", "dossier bench rebuild", "dossier bench vault", "dossier bench api", "dossier bench growth"),
	free(CLI, Everybody, "dossier health", "dossier version", "dossier domain table", "dossier codes check", "dossier timers rules", "dossier timers check", "dossier results check",
		"dossier procedures check", "dossier procedures schema", "dossier calendars check", "dossier organisation check", "dossier organisation schema",
		"dossier procedures list", "dossier procedures show", "dossier procedures draw", "dossier procedures facts",
		"dossier calendars list", "dossier calendars show", "dossier calendars count"), // rules, which the law publishes; a paper by its number
	free(CLI, Machine, "dossier organisation show"),
	line(CLI, Filing, one("submit"), "dossier submit"),
	line(CLI, OneDossier, anyCommand(), "dossier do"), // each command asks once more
	line(CLI, Rows, kind(Bulks), "dossier bulk plan"),
	line(CLI, OneBatch, kind(Batches), "dossier bulk dry-run", "dossier bulk run", "dossier bulk show"),
	line(CLI, OneBatch, one("undo-act"), "dossier bulk undo"),
	line(CLI, OneDossier, one("attach-file"), "dossier file add"),
	line(CLI, OneDossier, append(one("sign-file"), one("sign")...), "dossier sign"),
	line(CLI, OneDossier, kind(Read), "dossier show", "dossier access of", "dossier receipt", "dossier history", "dossier deadline", "dossier file get", "dossier file list", "dossier signature verify",
		"dossier words", "dossier earlier", "dossier fee", "dossier money order", "dossier money pay"),
	line(CLI, OneDossier, kind(LookUp), "dossier look-up"),
	line(CLI, Rows, kind(List), "dossier results list"),
	line(CLI, Rows, kind(Feed), "dossier events read", "dossier events tail"),
	line(CLI, Rows, kind(Audit), "dossier access list"),
	line(CLI, Rows, kind(Import), "dossier import xes"),
	line(CLI, Rows, kind(Timers), "dossier timers list"),
	line(CLI, Rows, one("move-to-version"), "dossier procedures move"),
	line(CLI, House, kind(Rule), "dossier procedures publish", "dossier procedures withdraw", "dossier procedures open", "dossier procedures close", "dossier calendars publish"),
	line(CLI, House, kind(Operate), "dossier organisation apply", "dossier key create", "dossier key revoke", "dossier session end", "dossier subject link", "dossier subject unlink"),
	free(CLI, Everybody, "dossier sandbox list"),
	line(CLI, Trial, kind(Try), "dossier sandbox reset"),
	line(CLI, House, kind(Operate, Audit), "dossier key list", "dossier session list"),
	line(CLI, Person, kind(Enrol), "dossier person register", "dossier person correct"),
	line(CLI, Person, kind(People), "dossier person show", "dossier person find"),
	line(CLI, Person, kind(Erase), "dossier person erase", "dossier person answer", "dossier person extend", "dossier person done"),
	line(CLI, Person, kind(Oneself, People), "dossier person prefill", "dossier person standing"),
	line(CLI, Person, kind(Oneself, Enrol), "dossier person mandate", "dossier person end-mandate", "dossier person ask"),
	line(CLI, OneDossier, kind(Collect), "dossier till take"),
	line(CLI, House, kind(Collect), "dossier till open", "dossier till give-back", "dossier till show", "dossier till close", "dossier till receipt", "dossier till book void", "dossier till book show"),
	line(CLI, House, kind(Reconcile), "dossier till transfer", "dossier till book issue", "dossier till book hand",
		"dossier money refund", "dossier money cancel", "dossier money settle", "dossier money reconcile", "dossier money explain"),
)
