;; The end of a message and what is wrong with it, found sixteen octets at a time (`scan.ts` tells what is looked for).
;; In JavaScript two native searches for each line cost five times as much. Assembled into `scan-module.ts`.
(module
  (memory (import "mailgw" "memory") 3)

  ;; Gives the address of the first octet in at..to that is odd, each judged with the one before it, or `to`.
  ;; There is an octet before `at`.
  (func (export "scan") (param $at i32) (param $to i32) (result i32)
    (local $v v128) (local $before v128)
    (local $octet i32) (local $previous i32) (local $last i32)

    ;; Whole blocks, until one holds something odd.
    (local.set $last (i32.sub (local.get $to) (i32.const 16)))
    (block $tail
      (loop $blocks
        (br_if $tail (i32.gt_s (local.get $at) (local.get $last)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $before (v128.load (i32.sub (local.get $at) (i32.const 1))))
        (br_if $tail
          (v128.any_true
            (v128.or
              (v128.or
                ;; LF without CR before it, or something else after CR
                (v128.xor
                  (i8x16.eq (local.get $v) (i8x16.splat (i32.const 10)))
                  (i8x16.eq (local.get $before) (i8x16.splat (i32.const 13))))
                ;; NUL
                (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0))))
              ;; a dot after LF
              (v128.and
                (i8x16.eq (local.get $v) (i8x16.splat (i32.const 46)))
                (i8x16.eq (local.get $before) (i8x16.splat (i32.const 10)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $blocks)))

    ;; The same, octet by octet, for the block that does or the rest that is no block.
    (block $found
      (loop $octets
        (br_if $found (i32.ge_u (local.get $at) (local.get $to)))
        (local.set $octet (i32.load8_u (local.get $at)))
        (local.set $previous (i32.load8_u (i32.sub (local.get $at) (i32.const 1))))
        (br_if $found
          (i32.ne
            (i32.eq (local.get $octet) (i32.const 10))
            (i32.eq (local.get $previous) (i32.const 13))))
        (br_if $found (i32.eqz (local.get $octet)))
        (br_if $found
          (i32.and
            (i32.eq (local.get $octet) (i32.const 46))
            (i32.eq (local.get $previous) (i32.const 10))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $octets)))
    (local.get $at)))
