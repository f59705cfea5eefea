// MDL
