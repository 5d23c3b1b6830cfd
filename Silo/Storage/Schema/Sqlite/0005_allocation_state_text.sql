-- Here the state of an allocation was text from the beginning; PostgreSQL has it so from this step on.
SELECT 1;
