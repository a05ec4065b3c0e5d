-- Reason: participants borrow from their accounts and repay through payroll. What is lent leaves the participant's source and stays the
-- participant's, as a note (participant_loan by source); what is owed on it is an asset of the plan (loan_receivable by person, ADR-0033).

alter table ledger.account
    drop constraint account_kind_check,
    drop constraint account_check,
    add constraint account_kind_known check (kind in (
        'participant', 'employer_receivable', 'cash_clearing', 'forfeitures',
        'suspense', 'fees', 'withholding_payable', 'opening', 'participant_loan', 'loan_receivable'
    )),
    add constraint account_side_of_kind check (
        normal_side = case when kind in ('employer_receivable', 'cash_clearing', 'loan_receivable') then -1 else 1 end
    ),
    add constraint account_names_borrower check (
        (kind <> 'participant_loan' or (employee_id is not null and source is not null))
        and (kind <> 'loan_receivable' or employee_id is not null)
    );
