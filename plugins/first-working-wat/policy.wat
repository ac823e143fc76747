;; The smallest useful policy: takes the first service provider that has not failed twice in a row. The same as
;; `template-rust`, in a component of some two kilobytes, and an example of the canonical ABI written by hand.
;;
;;   wasm-tools component embed ../wit --world policy policy.wat -o core.wasm
;;   wasm-tools component new core.wasm -o first-working.wasm
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "the first that has not failed twice in a row")  ;; 44 bytes
  (data (i32.const 64) "every one of them fails")                       ;; 23 bytes

  ;; Where the next piece of memory is given out. An instance lives for one question, so nothing is taken back.
  (global $free (mut i32) (i32.const 1024))

  ;; The host asks for room for the question, and for all that hangs on it.
  (func $realloc (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local $end i32)
    ;; Aligned: (free + align - 1) & -align.
    (local.set $at
      (i32.and
        (i32.sub (i32.add (global.get $free) (local.get $align)) (i32.const 1))
        (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))
      (then
        (if (i32.eq (i32.const -1)
              (memory.grow
                (i32.add (i32.const 1)
                  (i32.div_u (i32.sub (local.get $end) (i32.mul (memory.size) (i32.const 65536))) (i32.const 65536)))))
          (then unreachable))))
    (global.set $free (local.get $end))
    (local.get $at))

  ;; question: candidates at 112 (address) and 116 (how many). candidate: 44 bytes, history.failures at 32.
  ;; result<opinion, string>: tag at 0, choice's tag at 4 and value at 8, reason's address at 12 and length at 16.
  (func (export "wwan:plugin/provider-policy@0.1.1#select-provider") (param $question i32) (result i32)
    (local $answer i32)
    (local $index i32)
    (local.set $answer (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 20)))
    (i32.store8 (local.get $answer) (i32.const 0))
    (block $found
      (block $none
        (loop $next
          (br_if $none (i32.ge_u (local.get $index) (i32.load offset=116 (local.get $question))))
          (br_if $found
            (i32.lt_u
              (i32.load offset=32
                (i32.add
                  (i32.load offset=112 (local.get $question))
                  (i32.mul (local.get $index) (i32.const 44))))
              (i32.const 2)))
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br $next)))
      ;; None: no opinion.
      (i32.store8 offset=4 (local.get $answer) (i32.const 0))
      (i32.store offset=12 (local.get $answer) (i32.const 64))
      (i32.store offset=16 (local.get $answer) (i32.const 23))
      (return (local.get $answer)))
    (i32.store8 offset=4 (local.get $answer) (i32.const 1))
    (i32.store offset=8 (local.get $answer) (local.get $index))
    (i32.store offset=12 (local.get $answer) (i32.const 16))
    (i32.store offset=16 (local.get $answer) (i32.const 44))
    (local.get $answer)))
