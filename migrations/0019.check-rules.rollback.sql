-- The rules stay, and what was found valid stays so.
drop function if exists validate_rules();
drop function if exists broken_rules();
drop function if exists unproven_rules();
