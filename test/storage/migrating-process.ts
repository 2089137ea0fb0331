// Migrates a database and kills itself right before its n-th statement; prints how many there are when it is not to.
import { type Connection, openForWriting, type Statement } from '../../storage/connection.ts'
import { migrate } from '../../storage/migrations.ts'

const [path = '', backups = '', nth = '0'] = process.argv.slice(2)
let done = 0

function step(): void {
  done += 1
  if (done === Number(nth)) process.kill(process.pid, 'SIGKILL')
}

const counted = (statement: Statement): Statement => ({
  raw: () => statement.raw(),
  get: (values) => statement.get(values),
  all: (values) => statement.all(values),
  iterate: (values) => statement.iterate(values),
  run(values) {
    step()
    return statement.run(values)
  },
})

const db = openForWriting(path)
const watched: Connection = {
  get inTransaction() {
    return db.inTransaction
  },
  prepare: (sql) => counted(db.prepare(sql)),
  exec(sql) {
    step()
    db.exec(sql)
  },
  close: () => db.close(),
}
migrate(watched, backups)
db.close()
process.stdout.write(String(done))
