# What the linker makes a component by: the world `configured-policy` in binary form, as a section of its own.
    .section ".custom_section.component-type","",@
    .incbin "contract.bin"
