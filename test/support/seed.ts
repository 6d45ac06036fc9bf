import fc from 'fast-check'

// One seed for all random tests of a run, always the same: what lands was seen to pass. Others: MAILGW_SEED=$RANDOM npm test
export const seed = Number(process.env['MAILGW_SEED'] ?? 20_261_121)
fc.configureGlobal({ seed })
