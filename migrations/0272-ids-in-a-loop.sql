-- PL/pgSQL prepares each expression anew in each transaction, by 2,000 instructions a function that it names: twenty-six digits written
-- out were 398,000 instructions an id, one expression in a loop is 155,000 (docs/performance.md).

create or replace function app.new_id(prefix text) returns text
language plpgsql volatile parallel safe
as $$
declare
  ms constant bigint := extract(epoch from clock_timestamp()) * 1000;
  random constant text := encode(uuid_send(gen_random_uuid()), 'hex');
  -- RFC 9562 section 5.7: 48 bits of time, the version 7, then what gen_random_uuid() put after its own version.
  bits constant bit varying := ('x' || lpad(to_hex(ms), 12, '0') || '7' || substr(random, 14))::bit(128);
  id text := prefix || '_' || substring(bits, 1, 3)::integer;
begin
  for start in 4 .. 124 by 5 loop
    id := id || substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits, start, 5)::integer + 1, 1);
  end loop;
  return id;
end
$$;
