-- code: SY601
-- name: conflicting-sources
-- severity: major
-- subject: thing
-- title_zh: 数据源说法不一
-- title_en: Conflicting sources
-- message_zh: {subject} 的{field}，各数据源说法不一：{said}。暂时以 {standing} 为准。请在来源处改成一致，或用 okr decide conflict 决定以谁为准。
-- message_en: The sources differ in the {field} of {subject}: {said}. For now {standing} stands. Make them agree where they stand, or decide with okr decide conflict.
-- why_zh: 两个系统各说各话，开会时就会各看各的数。
-- why_en: Where two systems differ, people meet with two numbers in hand.
-- closes_zh: 各数据源一致，或有人决定以谁为准。
-- closes_en: The sources agree, or somebody decides which one stands.

-- Two sources that know a field of one thing and differ after normal forms, until somebody decides. Of a person
-- nothing is told to everybody but name and unit.
select kind as subject_kind, id as subject_id, unit_id, counterparty_unit_id, owner_ids,
    {
        'subject': thing(label, title, public), 'field': field, 'standing': standing,
        'said': list_transform(
            said, lambda x: {
                'label': x.source, 'title': case when quoted then left(x."value", 200) end, 'hidden': not quoted,
                'place': x.place
            }
        )
    } as detail
from (
    select *, public and (kind <> 'person' or field in ('name', 'unit_id')) as quoted from conflict
)
