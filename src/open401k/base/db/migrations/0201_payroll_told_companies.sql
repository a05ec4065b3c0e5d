-- Reason: a person whom several companies of a plan pay is told of to each of them. Which of them an instruction was
-- handed to, and which took it, is on file: it is acknowledged when all did, and told anew when another one pays, too.

alter table payroll.instruction_event
    add column connection_id uuid,
    add column taken boolean not null default false,
    add foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id),
    add check (connection_id is not null or not taken);
