-- What a desk was answered under a key stays when its case is erased, and keeps no reference: from it the salts of the
-- commitments on chain follow. Nodes of before wrote whole cases there; what is asked again under a key is told from
-- the case as it stands, so that where it stands is enough (0007_doors).

update node.answered
set answer = jsonb_build_object('case', answer -> 'case', 'state', answer -> 'state', 'stop', answer -> 'stop')
where answer ? 'reference';
