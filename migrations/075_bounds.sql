-- +goose Up

-- A look behind a listed partition began at `position > 40`, and the planner, which does not know that positions are whole, kept the
-- partition that ends there: one look too many for each stream that is read. Begun at `position >= 41` it is left out.
-- +goose StatementBegin
do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid
      from pg_proc p
     where p.pronamespace = 'journal'::regnamespace
       and p.proname in ('read_events_v1', 'read_access_v1', 'append_v2', 'append_access_v2')
  loop
    execute replace(replace(pg_get_functiondef(f),
      'e.position > v_listed', 'e.position >= v_listed + 1'),
      'e.position > v_floor', 'e.position >= v_floor + 1');
    if pg_get_functiondef(f) !~ 'v_(listed|floor) [+] 1' then
      raise exception '% is not the function that this is about', f;
    end if;
  end loop;
end
$$;
-- +goose StatementEnd
