import { columnsOf } from './column.ts'
import type { Look } from './format.ts'

export const hostLook: Look = {
  name: 'id',
  columns: columnsOf(
    'HOST: hostname|serial|uuid|id',
    'SERIAL: serial',
    'PLATFORM: platform',
    'OS: os_version',
    'MDM: ~mdm.state',
    'DEP: ~dep.state',
    'OSQUERY: ~osquery.state',
    'STATUS: ~status',
    'PRESENCE: ~presence',
    'SEEN: @last_seen_at',
    '+MODEL: model',
    '+LIFECYCLE: ~lifecycle',
    '+FIRST SEEN: @first_seen_at',
    '+UUID: uuid',
    '+ID: id',
  ),
}

export const journalLook: Look = {
  name: 'seq',
  columns: columnsOf(
    'SEQ: seq',
    'AT: @at',
    'ACTOR: actor',
    'EVENT: event',
    'FROM: ~from',
    'TO: ~to',
    'CAUSE: cause',
    'BY: cause_id',
    '+HOST: host_id',
    '+DETAIL: detail',
  ),
}

export const commandLook: Look = {
  name: 'id',
  columns: columnsOf(
    'COMMAND: command_uuid',
    'TYPE: request_type',
    'STATE: ~state',
    'CREATED: @created_at',
    'EXPIRES: @expires_at',
    'HOST: host_id',
    '+PRIORITY: priority',
    '+CHANNEL: channel',
    '+ID: id',
  ),
}

export const conflictLook: Look = {
  name: 'id',
  columns: columnsOf(
    'CONFLICT: id',
    'KIND: kind',
    'OPENED: @opened_at',
    'HOST: host_id',
    'OTHERS: others',
    'CHOICES: detail.choices',
    'RESOLUTION: resolution',
    '+RESOLVED: @resolved_at',
    '+WHY: detail.sentence',
  ),
}

export const claimLook: Look = {
  name: 'value',
  columns: columnsOf(
    'CLAIM: kind',
    'VALUE: value',
    'STATUS: ~status',
    'SOURCE: source',
    'SEEN: @last_seen_at',
  ),
}

export const depDeviceLook: Look = {
  name: 'serial_number',
  columns: columnsOf(
    'APPLE LIST: serial_number',
    'PROFILE: ~profile_status',
    'SINCE: @since',
    '+PROFILE UUID: profile_uuid',
    '+CHANGED: op_date',
  ),
}

export const channelLook: Look = {
  name: 'key',
  columns: columnsOf(
    'CHANNEL: kind',
    'KEY: key',
    'TYPE: type',
    'USER: user_short_name',
    'SINCE: @since',
  ),
}
