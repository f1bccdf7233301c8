;; Distances to vectors of 32-bit floats, sixteen floats a turn.
(module
  (import "" "memory" (memory 1 65536 shared))

  ;; The squared distance of what `next` has found.
  (global $distance (export "distance") (mut f32) (f32.const 0))

  ;; The address of the first vector of those from $at to $end that is nearer to the query than $limit, or $end. A
  ;; vector has $size bytes, a multiple of 16.
  (func (export "next")
    (param $at i32) (param $end i32) (param $size i32) (param $query i32) (param $limit f32) (result i32)
    (local $from i32) (local $wide i32) (local $until i32) (local $difference v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (block $none
      (loop $vectors
        (br_if $none (i32.eq (local.get $at) (local.get $end)))
        (local.set $from (local.get $query))
        (local.set $until (i32.add (local.get $at) (local.get $size)))
        (local.set $wide (i32.add (local.get $at) (i32.and (local.get $size) (i32.const -64))))
        (local.set $a (v128.const f32x4 0 0 0 0))
        (local.set $b (v128.const f32x4 0 0 0 0))
        (local.set $c (v128.const f32x4 0 0 0 0))
        (local.set $d (v128.const f32x4 0 0 0 0))
        (block $isShort
          (loop $sixteen
            (br_if $isShort (i32.eq (local.get $at) (local.get $wide)))
            (local.set $difference (f32x4.sub (v128.load (local.get $at)) (v128.load (local.get $from))))
            (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $difference) (local.get $difference))))
            (local.set $difference
              (f32x4.sub (v128.load offset=16 (local.get $at)) (v128.load offset=16 (local.get $from))))
            (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $difference) (local.get $difference))))
            (local.set $difference
              (f32x4.sub (v128.load offset=32 (local.get $at)) (v128.load offset=32 (local.get $from))))
            (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $difference) (local.get $difference))))
            (local.set $difference
              (f32x4.sub (v128.load offset=48 (local.get $at)) (v128.load offset=48 (local.get $from))))
            (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $difference) (local.get $difference))))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            (local.set $from (i32.add (local.get $from) (i32.const 64)))
            (br $sixteen)))
        (block $isWhole
          (loop $four
            (br_if $isWhole (i32.eq (local.get $at) (local.get $until)))
            (local.set $difference (f32x4.sub (v128.load (local.get $at)) (v128.load (local.get $from))))
            (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $difference) (local.get $difference))))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (br $four)))
        (local.set $a
          (f32x4.add (f32x4.add (local.get $a) (local.get $b)) (f32x4.add (local.get $c) (local.get $d))))
        (global.set $distance
          (f32.add
            (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
            (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a)))))
        (br_if $vectors (i32.eqz (f32.lt (global.get $distance) (local.get $limit))))
        (return (i32.sub (local.get $at) (local.get $size)))))
    (local.get $end)))
