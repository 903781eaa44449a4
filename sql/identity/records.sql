-- What a run matches: each source's record of a customer with what the matcher knows of persons. A source that gives whole
-- names only has the given name in front, unless there is a comma; titles, degrees and `Jr` are no name.
select
    people.record_key as source_key,
    coalesce(people.given_name, case when strpos(people.whole_name, ',') > 0 then element_at(split(people.whole_name, ', '), 2) else element_at(split(people.whole_name, ' '), 1) end) as given,
    regexp_replace(coalesce(people.family_name, case when strpos(people.whole_name, ',') > 0 then element_at(split(people.whole_name, ','), 1) when strpos(people.whole_name, ' ') > 0 then regexp_extract(people.whole_name, '[^ ]+\z') end), '(?i)^(.*[^ ,])[ ,]+(jr|jnr|junior|sr|snr|senior|ii|iii|iv|2nd|3rd|4th|ph[.]?d|m[.]?d|esq)[. ]*\z', '$1') as family,
    people.named as generation,
    cast(people.birth_date as varchar) as born,
    people.gender as sex,
    people.email_standard as email,
    people.phone_standard as phone,
    people.address as street,
    people.city,
    people.postcode,
    people.region as state,
    people.country,
    people.company
from (
    select
        record_key,
        coalesce(full_name_latin, full_name, family_name_latin, family_name) as named,
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(coalesce(full_name_latin, full_name), '[ \t\n\r]+', ' '), '^ | \z', ''), '(?i)^(mr|mrs|ms|miss|dr|prof|sir|shri|shrimati|sri|smt|kumari|herr|frau)[. ]+', ''), '(?i)^([^ ,]+[ ,]+.*[^ ,])[ ,]+(jr|jnr|junior|sr|snr|senior|ii|iii|iv|2nd|3rd|4th|ph[.]?d|m[.]?d|esq)[. ]*\z', '$1') as whole_name,
        coalesce(given_name_latin, given_name) as given_name,
        coalesce(family_name_latin, family_name) as family_name,
        birth_date,
        gender,
        email_standard,
        phone_standard,
        address,
        city,
        postcode,
        region,
        country,
        company
    from vault.source_customer
) as people
