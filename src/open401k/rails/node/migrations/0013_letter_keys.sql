-- Keys that sign this member's letters because its wallet, a contract or a passkey, said so. Nothing secret: the word
-- travels with each letter.
create table node.letter_key (
    member bytea not null check (length(member) = 20),
    address bytea not null check (length(address) = 20),
    valid_until bigint not null check (valid_until > 0),
    signature bytea not null check (length(signature) > 0),
    made_at bigint not null,
    primary key (address, valid_until)
);
