// A push topic that changes while a host is enrolled: its pushes need another certificate from then on.
import { deciding } from './deciding.ts'

/** To be taken before the new topic is learnt. */
export const noteTopic = deciding(
  ({ context, enqueue }, said: { readonly channel: string; readonly topic: string }) => {
    const { channel, topic } = said
    const former = context.channels[channel]?.topic
    if (former === undefined || former === topic) return
    enqueue({
      type: 'note',
      params: { event: 'mdm.topic_changed', detail: { channel, from: former, to: topic } },
    })
  },
)
