-- How a case that left the rails was closed: by check or wire, with the same file.

create table node.off_rail (
    case_id text primary key references node.case_file (case_id),
    way text not null check (way in ('check', 'wire')),
    reference text not null check (reference <> '')
);
