-- Say that a workflow can be other than a deployment.
-- depends: 0240.terms-of-default-branches

comment on column name_kinds.kind is
  'Of an actor: person, bot or agent. Of a workflow: deployment, or other for one that is none although a shorter pattern fits it.';
